import { useId, useRef, useState } from 'preact/hooks';
import { useConcepts } from '../api/useConcepts';
import { isOwn, nameOf } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { withArticle } from '../ui/format';
import { Icon } from '../ui/Icon';
import { useClickOutside } from '../ui/useClickOutside';
import './layersMenu.css';
import { useChosenImagery, useToken } from './useImagery';

export function LayersMenu() {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useClickOutside(root, isOpen, () => setOpen(false));
  const closeOnEscape = ({ key }: KeyboardEvent) => {
    if (key !== 'Escape' || !isOpen) return;
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div ref={root} className="layers" onKeyDown={closeOnEscape}>
      <button ref={button} type="button" aria-expanded={isOpen} aria-controls={id} onClick={() => setOpen(!isOpen)}>
        <Icon name="layers" />
        Layers
      </button>
      {isOpen && (
        <div id={id} className="layers-menu">
          <SimilaritySwitch />
          <ImageryChoice />
        </div>
      )}
    </div>
  );
}

function SimilaritySwitch() {
  const { state, request, unit, dispatch } = usePage();
  const { isSimilarityOn, concept } = state.page;
  const concepts = useConcepts();
  const isAsked = request !== null || concept !== null;
  return (
    <>
      <label className="check">
        <input
          type="checkbox"
          checked={isSimilarityOn && isAsked}
          disabled={!isAsked}
          onChange={(event) => dispatch({ type: 'similaritySwitched', isOn: event.currentTarget.checked })}
        />
        Colour by similarity
      </label>
      {concepts.length > 0 && (
        <label className="concept">
          to
          <select aria-label="Similarity to" value={concept ?? ''} onChange={(event) => dispatch({ type: 'conceptChosen', name: event.currentTarget.value || null })}>
            <option value="">what is searched for</option>
            {concepts.map(({ name, unit: ofUnit }) => (
              <option key={name} value={name}>
                {name} ({isOwn(ofUnit) ? 'concept' : `concept of ${ofUnit}`})
              </option>
            ))}
          </select>
        </label>
      )}
      {!isAsked && <p className="note">Choose {withArticle(nameOf(unit))} first.</p>}
    </>
  );
}

function ImageryChoice() {
  const { dispatch, config } = usePage();
  const imagery = useChosenImagery();
  const [token, setToken] = useToken();
  return (
    <>
      <fieldset>
        <legend>Satellite imagery</legend>
        {config.value?.imagery.map(({ id, name }) => (
          <label key={id} className="check">
            <input type="radio" name="imagery" checked={imagery?.id === id} onChange={() => dispatch({ type: 'imageryChosen', id })} />
            {name}
          </label>
        ))}
      </fieldset>
      {imagery?.needs_token && (
        <label className="token">
          Your access token
          <input type="text" value={token} spellcheck={false} autocomplete="off" onInput={(event) => setToken(event.currentTarget.value.trim())} />
          <span className="note">Kept in this browser; sent only to the provider.</span>
        </label>
      )}
    </>
  );
}
