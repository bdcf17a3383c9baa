import { isOwn } from '../geo/unit';
import { countText, isAnywhere, settingsOf, type EditorName } from '../search/settings';
import { useSearch } from '../search/useSearch';
import { loadedOrigin } from '../state/origin';
import { usePage } from '../state/PageProvider';
import { Chip } from '../ui/Chip';

interface Props {
  /** The settings that are being edited. */
  editor: EditorName | 'all' | null;
  onEdit: (editor: EditorName) => void;
  editorId: string;
}

interface Phrase {
  text: string;
  editor: EditorName;
  onRemove?: () => void;
}

/** Where matches may lie and how many are wanted. Each setting opens its editor; those that can be dropped have a button for it. */
export function SettingChips({ editor, onEdit, editorId }: Props) {
  return (
    <>
      {usePhrases().map(({ text, editor: own, onRemove }) => (
        <Chip key={text} {...(onRemove && { remove: { label: `Remove: ${text}`, run: onRemove } })}>
          <button type="button" className="chip-name" aria-expanded={own === editor} aria-controls={editorId} onClick={() => onEdit(own)}>
            {text}
          </button>
        </Chip>
      ))}
    </>
  );
}

/** Return what the question states, in its order. */
function usePhrases(): Phrase[] {
  const { page } = usePage().state;
  const { search, change } = useSearch();
  const origin = useImpliedOrigin();
  const settings = settingsOf(page).map(({ text, editor, without }): Phrase => ({ text, editor, onRemove: () => change(without) }));
  return [
    ...(isAnywhere(page) ? [{ text: 'anywhere', editor: 'where' } as const] : []),
    ...settings,
    ...(origin === null ? [] : [{ text: origin, editor: 'origin' } as const]),
    { text: countText(search), editor: 'number' },
  ];
}

/** Return the origin of the matches where real and synthetic tiles are loaded and none is asked for: that of what is chosen. */
function useImpliedOrigin(): string | null {
  const { state, encoder, chosen } = usePage();
  if (!isOwn(state.page.search.unit) || state.page.search.origin !== null || !encoder.value || loadedOrigin(encoder.value) !== 'any') return null;
  if (!chosen.value?.tile) return 'same origin';
  return chosen.value.tile.is_synthetic ? 'synthetic only' : 'real only';
}
