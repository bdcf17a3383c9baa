// Buttons over the map: its layers, and drawing an area.

import { Icon } from '../ui/Icon';
import { LayersMenu } from './LayersMenu';
import type { Drawing } from './useDrawing';

interface Props {
  drawing: Drawing;
  onUseView: () => void;
}

export function MapTools({ drawing, onUseView }: Props) {
  if (!drawing.isOn) {
    return (
      <div className="map-tools">
        <LayersMenu />
        <button type="button" onClick={drawing.start}>
          <Icon name="polygon" />
          Draw area
        </button>
      </div>
    );
  }
  const useView = () => {
    drawing.stop();
    onUseView();
  };
  return (
    <div className="map-tools">
      <p className="drawing" role="status">
        {drawing.isReady ? 'Click the corners of the area; click the first one again to close it.' : 'Loading the drawing tool …'}
      </p>
      <button type="button" onClick={drawing.stop}>
        Cancel
      </button>
      <button type="button" onClick={useView}>
        Use what the map shows
      </button>
    </div>
  );
}
