// The page: the question and its matches on the left, the map, the scatter plot. All share one state (state/PageProvider.tsx).

import { Suspense } from 'preact/compat';
import { useEffect } from 'preact/hooks';
import './app.css';
import { Compare } from './compare/Compare';
import { Header } from './header/Header';
import { TileMap } from './map/TileMap';
import { Attribution, Banners, EncoderLine, Problems } from './notices/Notices';
import { Question } from './question/Question';
import { Results } from './results/Results';
import { UnitSwitch } from './search/UnitSwitch';
import { LassoCard } from './scatter/LassoCard';
import { PageProvider, usePage } from './state/PageProvider';
import { useScheme } from './state/preferences';
import { lazyPart } from './ui/lazyPart';

const Help = lazyPart(() => import('./help/Help').then((module) => module.Help));
const Scatter = lazyPart(() => import('./scatter/Scatter').then((module) => module.Scatter));

export const App = () => (
  <PageProvider>
    <Parts />
  </PageProvider>
);

function Parts() {
  const { state } = usePage();
  const { isDark } = useScheme();
  useEffect(() => {
    document.documentElement.dataset.scheme = isDark ? 'dark' : 'light';
  }, [isDark]);
  return (
    <div className="app">
      <Banners />
      <main>
        <div className="panel">
          <Header />
          <UnitSwitch />
          <Problems />
          <LassoCard />
          <Question />
          <Results />
          <footer>
            <EncoderLine />
            <Attribution />
          </footer>
        </div>
        <TileMap />
        {state.page.scatter !== null && (
          <div className="scatter-panel">
            <Suspense fallback={<p className="hint">Loading the scatter plot …</p>}>
              <Scatter />
            </Suspense>
          </div>
        )}
      </main>
      <Compare />
      {state.page.isHelpOpen && (
        <Suspense fallback={null}>
          <Help />
        </Suspense>
      )}
    </div>
  );
}
