// The whole question as one sentence of chips, with the editor of the chip that is open below it.

import { useId, useRef, useState } from 'preact/hooks';
import { Editors } from '../search/Editors';
import type { EditorName } from '../search/settings';
import { UnitSwitch } from '../search/UnitSwitch';
import { usePage } from '../state/PageProvider';
import { useCommands } from '../state/useCommands';
import { ExampleChips } from './ExampleChips';
import './questionBar.css';
import { SettingChips } from './SettingChips';

export function QuestionBar() {
  const { state, request } = usePage();
  const { undo } = useCommands();
  const [editor, setEditor] = useState<EditorName | 'all' | null>(null);
  const id = useId();
  const bar = useRef<HTMLElement>(null);
  const edit = (name: EditorName | 'all') => setEditor(name === editor ? null : name);
  const closeOnEscape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || editor === null) return;
    bar.current?.querySelector<HTMLElement>('[aria-expanded=true]')?.focus();
    setEditor(null);
  };
  const { chosenId, positive, negative } = state.page;
  const isUnasked = negative.length > 0 && positive.length === 0 && chosenId === null;
  return (
    <section ref={bar} className="question-bar" aria-label="Question" onKeyDown={closeOnEscape}>
      <UnitSwitch />
      <ExampleChips />
      {isUnasked && <p className="note">Choose at least one example of what to search for.</p>}
      <div className="chips">
        {request && <SettingChips editor={editor} onEdit={edit} editorId={id} />}
        {request && (
          <button type="button" className="chip" aria-expanded={editor === 'all'} aria-controls={id} onClick={() => edit('all')}>
            Search settings
          </button>
        )}
        {state.past.length > 0 && (
          <button type="button" className="chip" onClick={undo} title="Take the last change of the question back (Ctrl+Z)">
            Undo
          </button>
        )}
      </div>
      {request && editor && <Editors name={editor} id={id} />}
    </section>
  );
}
