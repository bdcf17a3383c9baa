import { postSearch } from '../api/client';
import type { SearchRequest } from '../api/types';

/** Run the search again, save its result as a file, and return the file's name. */
export async function download(request: SearchRequest, format: string): Promise<string> {
  const response = await postSearch(request, { format });
  const name = /filename="?([^";]+)/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? `terrakin.${format}`;
  saveAs(name, await response.blob());
  return name;
}

/** Save data as a file of the user. */
export function saveAs(name: string, data: Blob): void {
  const address = URL.createObjectURL(data);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser reads it after the click
}
