// How to use the page, how its numbers are made, and what they do not tell.

import type { ComponentChildren } from 'preact';
import { usePage } from '../state/PageProvider';
import { Dialog } from '../ui/Dialog';
import { AboutData } from './AboutData';
import './help.css';

export function Help() {
  const { dispatch } = usePage();
  return (
    <Dialog title="How terrakin works, and its limits" onClose={() => dispatch({ type: 'helpSwitched', isOpen: false })}>
      <div className="help">
        <Use />
        <Method />
        <Part title="What this database contains">
          <AboutData />
        </Part>
        <Limits />
        <Keys />
        <Sources />
      </div>
    </Dialog>
  );
}

const Use = () => (
  <Part title="What you can do here">
    <p>
      Choose a tile on the map. The page lists its matches: the most similar tiles of other cities, best first. They are found
      by what a satellite sees, not by name, use or position. Narrow the search in the settings. The address of the page
      contains the whole search, so a link shows others what you see.
    </p>
    <p>
      “Search by” switches between tiles of 2.2 km, whole districts, and the blocks of 320 m inside them: a harbour basin, an
      estate. By block, a click chooses the block under the pointer and matches are blocks: the best of each tile, unless the
      settings allow more.
    </p>
    <p>
      The chips below it are the question. A chip opens its setting, its cross drops it, and Undo takes the last change back.
      + and − on a match ask for more like it, or less. “Layers” colours everything on the map by its similarity to the
      question.
    </p>
    <p>
      Save keeps a match in this browser. What is saved can be searched for, exported and imported. Compare outlines the
      blocks of two tiles that are most alike.
    </p>
    <p>
      Where tiles of several periods of a city are loaded, “What changed here” lists the blocks that changed most unusually,
      before and after. Where embeddings of others are imported, “Imported …” beside tile and block searches them in the same
      way.
    </p>
  </Part>
);

const Method = () => (
  <Part title="From pixels to similarity">
    <ol>
      <li>
        <strong>Tiles.</strong> The surroundings of each city are cut into squares of 2,240 m (224 × 224 pixels of 10 m) on the
        grid of its UTM zone. Each gets a cloud-free picture: the pixel-wise median of the clear Sentinel-2 observations of a
        period, in 12 bands from blue to short-wave infrared. Where nothing clear was observed, pictures are hatched.
      </li>
      <li>
        <strong>Patches.</strong> Each tile has 14 × 14 patches of 160 m. An encoder turns every patch into a vector of 768
        numbers, its <em>embedding</em>. Patches that look alike get vectors that point in similar directions.
      </li>
      <li>
        <strong>One vector per tile.</strong> <em>Mean</em>, the mean of its patches, describes the tile as a whole.{' '}
        <em>Texture</em>, their standard deviation, describes what varies inside it; <em>content and texture</em> compares both.{' '}
        <em>Dominant</em> is the mean of its largest cluster of patches. <em>Median</em>, <em>minimum</em> and{' '}
        <em>maximum</em> are taken for each number separately.
      </li>
      <li>
        <strong>One vector per block.</strong> A tile has 7 × 7 blocks of 2 × 2 patches, 320 m. The vector of a block is the
        mean of its patches. A block with less than three quarters of clear pixels has none, and cannot be searched for.
      </li>
      <li>
        <strong>Similarity</strong> is the cosine of the angle between two vectors. It is 1 for the same direction, about 0 for
        two tiles picked at random, and negative for opposite directions.
      </li>
      <li>
        <strong>The search</strong> compares every tile or block that meets the conditions if there are few. Among many it
        compares those in the groups of vectors nearest to the chosen one, and may miss a match: the list then says how many it
        compared, and that it is approximate.
      </li>
    </ol>
  </Part>
);

const Limits = () => (
  <>
    <Part title="What a similarity does not tell">
      <ul>
        <li>
          It is not a probability or a percentage. Within one search, 0.8 is more similar than 0.7. Numbers of different
          encoders, databases or methods (mean, dominant, …), or of tiles and blocks, cannot be compared.
        </li>
        <li>
          There is always a best match. Whether it is <em>similar enough</em> is for you to judge: compare the pictures side by
          side, and set a minimum similarity.
        </li>
        <li>
          It is based on surfaces and textures seen from above in one season: not on heights, land use, people, income or what
          happens indoors. Haze, snow and season can make two tiles more or less similar.
        </li>
      </ul>
    </Part>
    <Part title="Spatial bias">
      <p>
        Some numbers of an embedding encode <em>where</em> a tile is (climate, soil, sun angle) more than <em>what</em> is built
        there. Dimensions that do so beyond measured limits are left out before tiles are compared; the database records them
        (<code>api.spatial_bias()</code>). Some of the bias remains: matches tend to come from the same region. To find matches
        that position cannot explain, leave out the same city, as the page does by default, or everything nearby.
      </p>
    </Part>
    <Part title="Reading the scatter plot">
      <p>
        Every point is a tile. UMAP projects the vectors onto a plane so that near neighbours stay near: the tiles of a tight
        group look alike. The axes have no meaning, nor do the size of a group or the distance between two groups far apart. A
        projection from 768 dimensions to two must separate some neighbours. Matches are always found with the full vectors.
      </p>
    </Part>
  </>
);

const Keys = () => (
  <Part title="Keys">
    <dl className="help-keys">
      <Key keys="Tab">moves to the next control; the map and the scatter plot are two of them</Key>
      <Key keys="Arrows, + and −">move and zoom the map or the scatter plot</Key>
      <Key keys="Enter">in the scatter plot: chooses the tile in the middle; on the map: presses the button reached with Tab</Key>
      <Key keys="0">in the scatter plot: shows all of it again</Key>
      <Key keys="Shift + drag">in the scatter plot: draws a lasso around tiles</Key>
      <Key keys="Arrows">on a match: move to the next one; Home and End to the first and the last</Key>
      <Key keys="+ − c f s">on a match: more like it, less like it, compare, search from it, save</Key>
      <Key keys="Ctrl + Z">takes the last change of the question back</Key>
      <Key keys="/">moves to the search for places</Key>
      <Key keys="?">opens this help</Key>
      <Key keys="Esc">closes windows and menus, clears the lasso</Key>
    </dl>
  </Part>
);

const Sources = () => (
  <>
    <Part title="Going further with SQL">
      <p>
        The data are in a PostgreSQL database with PostGIS and pgvector, and one SQL function returns each list of matches.
        “Export, Copy SQL” copies the statement behind the list; <code>docs/analyst.md</code> in the project has questions,
        recipes and a notebook; <code>terrakin db status</code> prints the address for psql, DBeaver or QGIS; and{' '}
        <a href="api/docs">the API page of this server</a> documents the same for programs.
      </p>
    </Part>
    <Part title="Data sources">
      <ul>
        <li>
          Satellite pictures, unless marked Synthetic: contain modified Copernicus Sentinel data. Each chosen tile shows who prepared
          its picture, and under which licence.
        </li>
        <li>Base map: made with Natural Earth. City names and positions: GeoNames, CC BY 4.0.</li>
        <li>Imagery under the grid: named on the map, in its lower right corner.</li>
        <li>
          Methods: Galileo (Tseng et al. 2025, arXiv:2502.09356), TerraMind (IBM and ESA), MOSAIKS (Rolf et al. 2021, Nature Communications 12:4392), UMAP (McInnes et al. 2018,
          arXiv:1802.03426).
        </li>
      </ul>
    </Part>
  </>
);

const Part = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <section>
    <h3>{title}</h3>
    {children}
  </section>
);

const Key = ({ keys, children }: { keys: string; children: ComponentChildren }) => (
  <>
    <dt>{keys}</dt>
    <dd>{children}</dd>
  </>
);
