// The page: the question and its matches on the left, the map, the scatter plot. All share one state (state/PageProvider.tsx).

import { Suspense } from 'preact/compat';
import { useEffect, useRef } from 'preact/hooks';
import './app.css';
import { Changes } from './changes/Changes';
import { Compare } from './compare/Compare';
import { Header } from './header/Header';
import { TileMap } from './map/TileMap';
import { Attribution, Banners, EncoderLine, Problems } from './notices/Notices';
import { Question } from './question/Question';
import { Results } from './results/Results';
import { Tray } from './saved/Tray';
import { LassoCard } from './scatter/LassoCard';
import { Handle } from './sheet/Handle';
import { titleOf } from './state/chosen';
import { paneOf } from './state/page';
import { PageProvider, usePage } from './state/PageProvider';
import { useScheme } from './state/preferences';
import { useCommands } from './state/useCommands';
import { useShortcuts } from './state/useShortcuts';
import { lazyPart } from './ui/lazyPart';

const Help = lazyPart(() => import('./help/Help').then((module) => module.Help));
const Scatter = lazyPart(() => import('./scatter/Scatter').then((module) => module.Scatter));

export const App = () => (
  <PageProvider>
    <Parts />
  </PageProvider>
);

/** The hash of the address contains the position of the map, so that the link must not change it. */
function skipToMatches(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#matches button')?.focus();
}

function Parts() {
  const { state, dispatch, chosen } = usePage();
  useShortcuts(dispatch, useCommands().undo);
  const { isDark } = useScheme();
  const panel = useRef<HTMLDivElement>(null);
  const { chosenId } = state.page;
  useEffect(() => panel.current?.scrollTo({ top: 0 }), [chosenId]);
  const city = chosen.value && titleOf(chosen.value);
  useEffect(() => {
    document.title = city === null ? 'terrakin' : `${city} · terrakin`;
  }, [city]);
  useEffect(() => {
    document.documentElement.dataset.scheme = isDark ? 'dark' : 'light';
  }, [isDark]);
  return (
    <div className="app">
      <a className="skip" href="#matches" onClick={skipToMatches}>
        Skip to the matches
      </a>
      <Banners />
      <main data-mapless={state.isMapless || undefined} data-pane={paneOf(state.page)}>
        <div className="panel" ref={panel}>
          <Handle panel={panel} />
          <Header />
          <Problems />
          <Tray />
          <LassoCard />
          <Question />
          <Compare />
          <Changes />
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
      {state.page.isHelpOpen && (
        <Suspense fallback={null}>
          <Help />
        </Suspense>
      )}
    </div>
  );
}
