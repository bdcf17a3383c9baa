// What the page shows and how it was made, in words for people who decide by it.

import type { ReactNode } from 'react';
import type { Encoder } from './api';
import { Dialog } from './Dialog';
import './help.css';

interface Props {
  encoder: Encoder | null;
  onClose: () => void;
}

const count = new Intl.NumberFormat('en');

export function Help({ encoder, onClose }: Props) {
  return (
    <Dialog title="How terrakin works, and what it does not know" onClose={onClose}>
      <div className="help">
        <Part title="What you can do here">
          <p>
            Choose a tile on the map: the tiles of other cities that look most like it are listed, best first. Look-alikes are
            found by what a satellite sees, not by name, use or position. Narrow the search in the settings; every state of the
            page is in its address, so a link shows others what you see.
          </p>
        </Part>
        <Part title="From pixels to similarity">
          <ol>
            <li>
              <strong>Tiles.</strong> The surroundings of each city are cut into squares of 2,240 m (224 × 224 pixels of 10 m) on
              the grid of its UTM zone. For each a cloud-free picture is made: the median, pixel by pixel, of the clear
              Sentinel-2 observations of a period, in 12 bands from blue to short-wave infrared.
            </li>
            <li>
              <strong>Patches.</strong> Each tile is 14 × 14 patches of 160 m. An encoder turns every patch into a vector of 768
              numbers, its <em>embedding</em>, so that patches that look alike get vectors that point the same way.
            </li>
            <li>
              <strong>One vector a tile.</strong> The <em>mean</em> of its patches describes the tile as a whole;{' '}
              <em>dominant</em> is the mean of its largest cluster of patches, what most of it looks like; <em>median</em>,{' '}
              <em>minimum</em> and <em>maximum</em> are taken number by number.
            </li>
            <li>
              <strong>Similarity</strong> is the cosine of the angle between two vectors: 1 is the same direction, about 0 no more
              alike than two tiles picked at random, below 0 opposites.
            </li>
          </ol>
        </Part>
        <Part title="What made this database">{encoder ? <About encoder={encoder} /> : <p>The server has not answered yet.</p>}</Part>
        <Part title="What a similarity does not say">
          <ul>
            <li>
              It is no probability and no per cent. 0.8 is more alike than 0.7 within one search and one encoder; the numbers of
              two encoders, two databases or two methods (mean, dominant, …) cannot be compared.
            </li>
            <li>
              There is always a best match. Whether the first result is <em>alike enough</em> is for you to judge: look at the
              pictures side by side, and set a minimum similarity.
            </li>
            <li>
              It knows surfaces and textures seen from above in one season: not heights, land use, people, income or what
              happens indoors. Haze, snow and season can make two tiles alike or unlike.
            </li>
          </ul>
        </Part>
        <Part title="Spatial bias">
          <p>
            Some numbers of an embedding say <em>where</em> a tile is (climate, soil, sun angle, neighbours) more than{' '}
            <em>what</em> is built there. Dimensions that turn out to do so are set aside before tiles are compared, by measured
            limits that the database records (<code>api.spatial_bias()</code>). Some of it stays: results lean towards the same
            region. Leaving out the same city, which the page does by default, or all that is near, asks for look-alikes that
            position cannot explain.
          </p>
        </Part>
        <Part title="Reading the scatter plot">
          <p>
            Every point is a tile. UMAP has laid the vectors out on a plane so that near neighbours stay near: tight groups look
            alike. The axes have no meaning, and neither have the size of a group or the distance between two groups far apart;
            a layout of 768 dimensions on two must tear some neighbours apart. The list of results is always made with the full
            vectors, never with the plot.
          </p>
        </Part>
        <Part title="Keys">
          <dl className="help-keys">
            <Key keys="Tab" does="to the next control; the map and the scatter plot are two of them" />
            <Key keys="Arrows, + and −" does="move and zoom the map or the scatter plot" />
            <Key keys="Enter" does="in the scatter plot: choose the tile in the middle; on the map: its button after Tab" />
            <Key keys="0" does="in the scatter plot: see all of it again" />
            <Key keys="Shift + drag" does="in the scatter plot: a lasso around tiles" />
            <Key keys="Esc" does="closes windows and menus, gives up the lasso" />
          </dl>
        </Part>
        <Part title="Going further with SQL">
          <p>
            The page is a window on a PostgreSQL database with PostGIS and pgvector, and every list is the answer of one SQL
            function. “Export, Copy SQL” gives the statement behind the list you see; <code>docs/analyst.md</code> in the project
            has the questions, recipes and a notebook, <code>terrakin db status</code> the address for psql, DBeaver or QGIS, and{' '}
            <a href="api/docs">this server’s API page</a> the same for programs.
          </p>
        </Part>
        <Part title="Whose data">
          <ul>
            <li>Satellite pictures: contains modified Copernicus Sentinel data, where they are not synthetic.</li>
            <li>Base map: made with Natural Earth. City names and positions: GeoNames, CC BY 4.0.</li>
            <li>Imagery under the grid: named on the map, in its lower right corner.</li>
            <li>
              Methods: TerraMind (IBM and ESA), MOSAIKS (Rolf et al. 2021, Nature Communications 12:4392), UMAP (McInnes et al.
              2018, arXiv:1802.03426).
            </li>
          </ul>
        </Part>
      </div>
    </Dialog>
  );
}

const WEIGHTS = {
  pretrained: 'published weights: trained by its authors on satellite data of the whole Earth.',
  random: 'random weights: it was never trained. Similarities show that the machinery works, not what tiles have in common; do not draw conclusions from them.',
  fitted: 'filters cut from this data set: it needs no training, and knows textures and colours rather than things.',
} as const;

function About({ encoder }: { encoder: Encoder }) {
  const { name, weights, weights_sha256, dimension, post_processing, is_synthetic, n_tiles, n_cities, n_countries } = encoder;
  if (name === null || weights === null) return <p>No tiles are loaded yet.</p>;
  return (
    <>
      <p>
        {count.format(n_tiles)} tiles in {count.format(n_cities)} cities of {count.format(n_countries)} countries.{' '}
        {is_synthetic && (
          <strong>
            Synthetic data: some or all of these towns and their pixels are made up, to show how the software works. No satellite
            saw them, and nothing about the Earth follows from them.
          </strong>
        )}
      </p>
      <p>
        Encoder: <strong>{name}</strong>, {WEIGHTS[weights]}
      </p>
      <dl className="help-facts">
        <dt>Numbers a vector</dt>
        <dd>{dimension}</dd>
        <dt>Post-processing</dt>
        <dd>{post_processing ?? 'none'}</dd>
        <dt>SHA-256 of the weights</dt>
        <dd>{weights_sha256 ?? 'none'}</dd>
      </dl>
    </>
  );
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <section>
    <h3>{title}</h3>
    {children}
  </section>
);

const Key = ({ keys, does }: { keys: string; does: string }) => (
  <>
    <dt>{keys}</dt>
    <dd>{does}</dd>
  </>
);
