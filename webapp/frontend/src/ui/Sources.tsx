import type { Tile } from '../api/types';

/** Whom the pixels of a tile are from, and under which licence; nothing if the source does not tell. */
export const Sources = ({ tile }: { tile: Pick<Tile, 'licences' | 'attributions'> }) => {
  const { licences, attributions } = tile;
  const parts = [...attributions, ...(licences.length > 0 ? [`Licence: ${licences.join(', ')}`] : [])];
  return <>{parts.map((part) => part.replace(/\.$/, '')).join('. ')}</>;
};
