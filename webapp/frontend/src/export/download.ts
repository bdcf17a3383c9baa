import { postSearch } from '../api/client';
import type { SearchRequest } from '../api/types';

/** Run the search again, save its result as a file, and return the file's name. */
export async function download(request: SearchRequest, format: string): Promise<string> {
  const response = await postSearch(request, { format });
  const name = /filename="?([^";]+)/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? `terrakin.${format}`;
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser reads it after the click
  return name;
}
