// What counts as a look-alike: the arguments of api.similar_tiles that most people need.

import { useEffect, useId, useState, type ReactNode } from 'react';
import { METHODS, type Method, type Search } from './api';
import { Filters } from './Filters';
import { DEFAULT_SEARCH, MAX_K } from './state';

const METHOD_NAMES: Record<Method, string> = {
  mean: 'the whole tile (mean)',
  dominant: 'what most of it looks like (dominant)',
  median: 'median of its patches',
  min: 'minimum of its patches',
  max: 'maximum of its patches',
};
const TYPING_MS = 350;
/** Where there is little room the settings start folded, so that the results are seen. */
const IS_ROOMY = window.matchMedia('(min-width: 46rem) and (min-height: 62rem)').matches;

interface Props {
  search: Search;
  /** What changed; a number counts a moment after it was typed, when other fields may have changed too. */
  onChange: (part: Partial<Search>) => void;
}

export function SearchForm({ search, onChange: set }: Props) {
  return (
    <details className="settings" open={IS_ROOMY}>
      <summary>
        Search settings<span className="set">{changed(search)}</span>
      </summary>
      <form className="search" aria-label="Search settings" onSubmit={(event) => event.preventDefault()}>
        <Field label="Results">
          {(id) => <NumberInput id={id} min={1} max={MAX_K} value={search.k} onCommit={(k) => set({ k: k ?? DEFAULT_SEARCH.k })} />}
        </Field>
        <Field label="At most per city">
          {(id) => (
            <NumberInput
              id={id}
              min={1}
              max={MAX_K}
              value={search.max_per_city}
              placeholder="any"
              onCommit={(max_per_city) => set({ max_per_city })}
            />
          )}
        </Field>
        <Field label="Not within (km)">
          {(id) => (
            <NumberInput
              id={id}
              min={0}
              max={20000}
              value={search.exclude_within_m / 1000}
              onCommit={(km) => set({ exclude_within_m: (km ?? 0) * 1000 })}
            />
          )}
        </Field>
        <Field label="Least similarity">
          {(id) => (
            <NumberInput
              id={id}
              min={-1}
              max={1}
              step={0.05}
              value={search.min_similarity}
              placeholder="any"
              onCommit={(min_similarity) => set({ min_similarity })}
            />
          )}
        </Field>
        <Field label="Compare" wide>
          {(id) => (
            <select id={id} value={search.method} onChange={(event) => set({ method: event.target.value as Method })}>
              {METHODS.map((method) => (
                <option key={method} value={method}>
                  {METHOD_NAMES[method]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <label className="check">
          <input
            type="checkbox"
            checked={!search.exclude_same_city}
            onChange={(event) => set({ exclude_same_city: !event.target.checked })}
          />
          Also from the same city
        </label>
        <Filters search={search} onChange={set} />
      </form>
    </details>
  );
}

/** What differs from the defaults, in few words. */
function changed(search: Search): string {
  const { k, method, exclude_within_m, exclude_same_city, max_per_city, min_similarity, continents, countries } = search;
  const parts = [
    k !== DEFAULT_SEARCH.k && `${k} results`,
    method !== DEFAULT_SEARCH.method && method,
    exclude_within_m > 0 && `not within ${exclude_within_m / 1000} km`,
    !exclude_same_city && 'same city too',
    max_per_city !== null && `${max_per_city} per city`,
    min_similarity !== null && `similarity from ${min_similarity}`,
    ...continents,
    ...countries,
  ];
  return parts.filter(Boolean).map((part) => ` · ${String(part)}`).join('');
}

function Field({ label, wide = false, children }: { label: string; wide?: boolean; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className={wide ? 'field wide' : 'field'}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}

interface NumberProps {
  id: string;
  min: number;
  max: number;
  /** 1: whole numbers. */
  step?: number;
  value: number | null;
  placeholder?: string;
  onCommit: (value: number | null) => void;
}

/** A number that counts once typing has paused, and only where it is within bounds. */
function NumberInput({ id, min, max, step = 1, value, placeholder = '', onCommit }: NumberProps) {
  const shown = value === null ? '' : String(value);
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const number = text === '' ? null : Number(text);
  const isValid = number === null || ((step < 1 ? Number.isFinite(number) : Number.isInteger(number)) && number >= min && number <= max);
  useEffect(() => {
    if (text === shown || !isValid) return undefined;
    const timer = setTimeout(() => onCommit(number), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <input
      id={id}
      type="number"
      inputMode={step < 1 ? 'decimal' : 'numeric'}
      min={min}
      max={max}
      step={step}
      value={text}
      placeholder={placeholder}
      aria-invalid={!isValid}
      title={isValid ? undefined : `A ${step < 1 ? '' : 'whole '}number from ${min} to ${max}`}
      onChange={(event) => setText(event.target.value)}
    />
  );
}
