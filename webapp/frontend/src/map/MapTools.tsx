// Buttons over the map: what it shows, and drawing an area.

import { useEffect, useId, useRef, useState } from 'react';
import type { Imagery } from '../api';
import { Icon } from '../Icon';
import type { Drawing } from './useDrawing';

interface Props {
  imageries: Imagery[];
  imagery: Imagery | null;
  onImagery: (id: string) => void;
  token: string;
  onToken: (token: string) => void;
  isSimilarityOn: boolean;
  onSimilarity: ((isOn: boolean) => void) | null;
  drawing: Drawing;
  onView: () => void;
}

export function MapTools({ drawing, onView, ...layers }: Props) {
  if (drawing.isOn) {
    return (
      <div className="map-tools">
        <p className="drawing" role="status">
          {drawing.isReady ? 'Click the corners of the area; click the first one again to close it.' : 'Loading the drawing tool …'}
        </p>
        <button type="button" onClick={drawing.stop}>
          Cancel
        </button>
        <button
          type="button"
          onClick={() => {
            drawing.stop();
            onView();
          }}
        >
          Use what the map shows
        </button>
      </div>
    );
  }
  return (
    <div className="map-tools">
      <Layers {...layers} />
      <button type="button" onClick={drawing.start}>
        <Icon name="polygon" />
        Draw area
      </button>
    </div>
  );
}

function Layers({ imageries, imagery, onImagery, token, onToken, isSimilarityOn, onSimilarity }: Omit<Props, 'drawing' | 'onView'>) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!isOpen) return undefined;
    const leave = ({ target }: Event) => !root.current?.contains(target as Node) && setOpen(false);
    document.addEventListener('pointerdown', leave);
    return () => document.removeEventListener('pointerdown', leave);
  }, [isOpen]);
  return (
    <div
      ref={root}
      className="layers"
      onKeyDown={({ key }) => {
        if (key !== 'Escape' || !isOpen) return;
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button ref={button} type="button" aria-expanded={isOpen} aria-controls={id} onClick={() => setOpen(!isOpen)}>
        <Icon name="layers" />
        Layers
      </button>
      {isOpen && (
        <div id={id} className="layers-menu">
          <label className="check">
            <input
              type="checkbox"
              checked={isSimilarityOn}
              disabled={onSimilarity === null}
              onChange={(event) => onSimilarity?.(event.target.checked)}
            />
            Colour by similarity
          </label>
          {onSimilarity === null && <p className="note">Choose a tile first.</p>}
          <fieldset>
            <legend>Satellite imagery</legend>
            {imageries.map(({ id: name, name: text }) => (
              <label key={name} className="check">
                <input type="radio" name="imagery" checked={imagery?.id === name} onChange={() => onImagery(name)} />
                {text}
              </label>
            ))}
          </fieldset>
          {imagery?.needs_token && (
            <label className="token">
              Your access token
              <input type="text" value={token} spellCheck={false} autoComplete="off" onChange={(event) => onToken(event.target.value.trim())} />
              <span className="note">Kept in this browser; sent to the provider alone.</span>
            </label>
          )}
        </div>
      )}
    </div>
  );
}
