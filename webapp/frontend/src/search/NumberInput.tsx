import { useEffect, useState } from 'preact/hooks';
import { useLatest } from '../ui/useLatest';

interface Props {
  id: string;
  min: number;
  max: number;
  /** 1: whole numbers. */
  step?: number;
  value: number | null;
  placeholder?: string;
  onCommit: (value: number | null) => void;
}

const TYPING_MS = 350;

/** A number that takes effect once typing has paused, if it is within its limits. */
export function NumberInput({ id, min, max, step = 1, value, placeholder = '', onCommit }: Props) {
  const shown = value === null ? '' : String(value);
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const number = text === '' ? null : Number(text);
  const isValid = number === null || ((step < 1 ? Number.isFinite(number) : Number.isInteger(number)) && number >= min && number <= max);
  const latestCommit = useLatest(onCommit);
  useEffect(() => {
    if (text === shown || !isValid) return undefined;
    const timer = setTimeout(() => latestCommit.current(number), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, shown, isValid, number, latestCommit]);
  const limits = `A ${step < 1 ? '' : 'whole '}number from ${min.toLocaleString('en')} to ${max.toLocaleString('en')}`;
  return (
    <>
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
      aria-describedby={isValid ? undefined : `${id}-limits`}
      onInput={(event) => setText(event.currentTarget.value)}
    />
    {!isValid && <small id={`${id}-limits`} className="limits" role="alert">{limits}</small>}
    </>
  );
}
