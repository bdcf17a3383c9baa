import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface Props {
  label: string;
  wide?: boolean;
  children: (id: string) => ComponentChildren;
}

/** A label and the control that it belongs to. */
export function Field({ label, wide = false, children }: Props) {
  const id = useId();
  return (
    <div className={wide ? 'field wide' : 'field'}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}
