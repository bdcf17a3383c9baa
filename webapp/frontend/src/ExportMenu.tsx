// The current answer to take away: as a file, as the SQL statement that gives it, or as the page's address.

import { useEffect, useRef, useState } from 'react';
import { Problem } from './api';
import './exportMenu.css';
import { sqlText } from './sqlText';

/** What was asked of the API: the path of a search, and its body (an uploaded chip: a form). */
export interface SearchRequest {
  path: string;
  body: Record<string, unknown> | FormData;
}

interface Props {
  request: SearchRequest;
  disabled: boolean;
}

const FORMATS = [
  { format: 'geojson', name: 'GeoJSON', use: 'web maps, QGIS' },
  { format: 'csv', name: 'CSV', use: 'spreadsheets' },
  { format: 'geoparquet', name: 'GeoParquet', use: 'Python, R, DuckDB' },
] as const;

export function ExportMenu({ request, disabled }: Props) {
  const menu = useRef<HTMLDetailsElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [message, setMessage] = useState('');
  const [uncopied, setUncopied] = useState<string | null>(null);
  const sql = request.body instanceof FormData ? null : sqlText(request.path, request.body);

  const close = () => {
    setOpen(false);
    menu.current?.querySelector('summary')?.focus();
  };
  useEffect(() => {
    if (!isOpen) return undefined;
    const leave = ({ target }: Event) => !menu.current?.contains(target as Node) && setOpen(false);
    document.addEventListener('pointerdown', leave);
    return () => document.removeEventListener('pointerdown', leave);
  }, [isOpen]);

  const copy = async (text: string, name: string) => {
    setUncopied(null);
    try {
      await navigator.clipboard.writeText(text);
      setMessage(`${name} copied.`);
    } catch {
      // Without https, or without leave, the browser hands over no clipboard: the user copies by hand.
      setMessage('This browser does not let the page copy; copy it from here:');
      setUncopied(text);
    }
  };
  const save = async (format: string) => {
    setUncopied(null);
    setMessage('Preparing the file …');
    try {
      setMessage(`Saved ${await download(request, format)}.`);
    } catch (error) {
      setMessage(error instanceof Problem ? `${error.title}. ${error.detail}` : String(error));
    }
  };

  if (disabled) {
    return (
      <button type="button" className="export-button" disabled>
        Export
      </button>
    );
  }
  return (
    <details
      ref={menu}
      className="export"
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      onKeyDown={(event) => event.key === 'Escape' && isOpen && close()}
    >
      <summary className="export-button">Export</summary>
      <div className="export-menu">
        {FORMATS.map(({ format, name, use }) => (
          <button key={format} type="button" onClick={() => void save(format)}>
            Download {name} <small>{use}</small>
          </button>
        ))}
        <button type="button" disabled={sql === null} onClick={() => sql && void copy(sql, 'SQL')}>
          Copy SQL <small>{sql === null ? 'not for an uploaded image' : 'psql, DBeaver, QGIS'}</small>
        </button>
        <button type="button" onClick={() => void copy(window.location.href, 'Link')}>
          Copy link <small>this page as it is</small>
        </button>
        <p role="status">{message}</p>
        {uncopied !== null && (
          <textarea readOnly rows={6} value={uncopied} aria-label="Text to copy" onFocus={(event) => event.target.select()} />
        )}
      </div>
    </details>
  );
}

/** Asks for the answer again, as a file, and saves it. Its name. */
async function download({ path, body }: SearchRequest, format: string): Promise<string> {
  const url = new URL(path, document.baseURI);
  url.searchParams.set('format', format);
  const isForm = body instanceof FormData;
  const response = await fetch(url, {
    method: 'POST',
    body: isForm ? body : JSON.stringify(body),
    headers: isForm ? {} : { 'Content-Type': 'application/json' },
  }).catch(() => {
    throw new Problem('The server does not answer', 'Try again in a moment.', 0);
  });
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as { title?: string; detail?: string };
    throw new Problem(problem.title || `Error ${response.status}`, problem.detail ?? '', response.status);
  }
  const name = /filename="?([^";]+)/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? `terrakin.${format}`;
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser reads it after the click
  return name;
}
