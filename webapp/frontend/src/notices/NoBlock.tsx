import { usePage } from '../state/PageProvider';
import '../ui/problem.css';

/** There is no block where one was asked for: say so, and offer the tile. */
export function NoBlock({ tileId }: { tileId: number }) {
  const { dispatch } = usePage();
  const searchByTile = () => {
    dispatch({ type: 'unitChosen', unit: 'tile' });
    dispatch({ type: 'picked', id: tileId });
  };
  return (
    <div className="problem" role="alert">
      <div>
        <strong>No block to search for here</strong>
        <p>A block needs clear pixels on three quarters of its area, and some tiles have no blocks. Choose another square, or search by the whole tile.</p>
        <div className="actions">
          <button type="button" onClick={searchByTile}>
            Search by tile
          </button>
        </div>
      </div>
    </div>
  );
}
