// The current collection as a GeoJSON file, and files of places as new collections.

import { useId } from 'preact/hooks';
import { Problem } from '../api/problem';
import { saveAs } from '../export/download';
import { usePage } from '../state/PageProvider';
import { currentOf, fromGeoJson, toGeoJson, withCollection } from './collections';
import { useCollections } from './useCollections';

const NO_PLACES = 'A file has features with a tile_id or a block_id, as this page exports them.';

export function Files() {
  const [collections, change] = useCollections();
  const { dispatch } = usePage();
  const id = useId();
  const collection = currentOf(collections);
  const save = () => saveAs(`${collection.name}.geojson`, new Blob([JSON.stringify(toGeoJson(collection))], { type: 'application/geo+json' }));
  const open = async (file: File) => {
    const read = fromGeoJson(await file.text(), file.name.replace(/\.[^.]*$/, ''));
    if (read) change(withCollection(collections, read));
    else dispatch({ type: 'noticed', problem: new Problem(`${file.name} contains no places`, NO_PLACES, 0) });
  };
  return (
    <>
      <button type="button" disabled={collection.places.length === 0} onClick={save}>
        Export GeoJSON
      </button>
      <label className="import" htmlFor={id}>
        Import
        <input
          id={id}
          type="file"
          accept=".geojson,.json,application/geo+json"
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? [];
            currentTarget.value = ''; // the same file can be chosen again
            if (file) void open(file);
          }}
        />
      </label>
    </>
  );
}
