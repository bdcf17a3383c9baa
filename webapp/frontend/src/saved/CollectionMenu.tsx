import { currentOf, renamed, withCollection, withoutCurrent } from './collections';
import { useCollections } from './useCollections';

/** Which collection is shown and saved to, and what it is called. */
export function CollectionMenu() {
  const [collections, change] = useCollections();
  const { all, current } = collections;
  const add = () => change(withCollection(collections, { name: `Collection ${all.length + 1}`, places: [] }));
  return (
    <div className="collection">
      <input
        type="text"
        aria-label="Name of the collection"
        maxLength={60}
        value={currentOf(collections).name}
        onChange={(event) => change(renamed(collections, event.currentTarget.value.trim() || currentOf(collections).name))}
      />
      {all.length > 1 && (
        <select aria-label="Collection" value={current} onChange={(event) => change({ all, current: Number(event.currentTarget.value) })}>
          {all.map(({ name, places }, i) => (
            <option key={i} value={i}>
              {name} ({places.length})
            </option>
          ))}
        </select>
      )}
      <div className="actions">
        <button type="button" onClick={add}>
          New
        </button>
        {all.length > 1 && (
          <button type="button" onClick={() => change(withoutCurrent(collections))}>
            Delete
          </button>
        )}
      </div>
    </div>
  );
}
