import type { ComponentChildren } from 'preact';
import type { SharedZoom } from './useZoom';
import { transformOf } from './zoom';

/** A picture that is zoomed and moved together with the other one; name says of what. */
export const ComparedPicture = ({ name, shared: { zoom, events }, children }: { name: string; shared: SharedZoom; children: ComponentChildren }) => (
  <div className="compare-picture" tabIndex={0} role="group" aria-label={`Picture of ${name}; plus and minus zoom, arrows move both pictures`} {...events}>
    <div className="compare-zoomed" style={{ transform: transformOf(zoom) }}>
      {children}
    </div>
  </div>
);
