// The list of matches to take away: as a file, as the SQL statement behind it, or as the page's address.

import { useRef, useState } from 'preact/hooks';
import { toProblem } from '../api/problem';
import type { SearchRequest } from '../api/types';
import { usePage } from '../state/PageProvider';
import { useClickOutside } from '../ui/useClickOutside';
import { download } from './download';
import './export.css';
import { pythonText } from './pythonText';
import { sqlText } from './sqlText';

const FORMATS = [
  { format: 'geojson', name: 'GeoJSON', use: 'web maps, QGIS' },
  { format: 'csv', name: 'CSV', use: 'spreadsheets' },
  { format: 'geoparquet', name: 'GeoParquet', use: 'Python, R, DuckDB' },
] as const;

export function ExportMenu() {
  const { request, similar } = usePage();
  if (request && !similar.isLoading) return <Menu request={request} />;
  return (
    <button type="button" className="export-button" disabled>
      Export
    </button>
  );
}

function Menu({ request }: { request: SearchRequest }) {
  const menu = useRef<HTMLDetailsElement>(null);
  const [isOpen, setOpen] = useState(false);
  useClickOutside(menu, isOpen, () => setOpen(false));
  const close = () => {
    setOpen(false);
    menu.current?.querySelector('summary')?.focus();
  };
  return (
    <details
      ref={menu}
      className="export"
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      onKeyDown={(event) => event.key === 'Escape' && isOpen && close()}
    >
      <summary className="export-button">Export</summary>
      <Entries request={request} />
    </details>
  );
}

function Entries({ request }: { request: SearchRequest }) {
  const [message, setMessage] = useState('');
  const [uncopied, setUncopied] = useState<string | null>(null);
  const sql = sqlText(request);

  const copy = async (text: string, name: string) => {
    setUncopied(null);
    try {
      await navigator.clipboard.writeText(text);
      setMessage(`${name} copied.`);
    } catch {
      // Without https or permission the browser offers no clipboard: the user copies by hand.
      setMessage('The browser does not allow the page to copy. Copy the text here:');
      setUncopied(text);
    }
  };
  const save = async (format: string) => {
    setUncopied(null);
    setMessage('Preparing the file …');
    try {
      setMessage(`Saved ${await download(request, format)}.`);
    } catch (error) {
      const { title, detail } = toProblem(error);
      setMessage(`${title}. ${detail}`);
    }
  };
  return (
    <div className="export-menu">
      {FORMATS.map(({ format, name, use }) => (
        <button key={format} type="button" onClick={() => void save(format)}>
          Download {name} <small>{use}</small>
        </button>
      ))}
      <button type="button" disabled={sql === null} onClick={() => sql && void copy(sql, 'SQL')}>
        Copy SQL <small>psql, DBeaver, QGIS</small>
      </button>
      <button type="button" onClick={() => void copy(pythonText(request, document.baseURI), 'Python')}>
        Copy Python <small>notebooks</small>
      </button>
      <button type="button" onClick={() => void copy(window.location.href, 'Link')}>
        Copy link <small>this page as it is</small>
      </button>
      <p role="status">{message}</p>
      {uncopied !== null && (
        <textarea readOnly rows={6} value={uncopied} aria-label="Text to copy" onFocus={(event) => event.currentTarget.select()} />
      )}
    </div>
  );
}
