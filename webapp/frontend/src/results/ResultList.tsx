// The matches, best first, as the database ranks them. The list is one stop of the keyboard; arrows move inside it.

import { Fragment } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Match, SearchRequest } from '../api/types';
import { nameOf } from '../geo/unit';
import { usePage } from '../state/PageProvider';
import { useLatest } from '../ui/useLatest';
import { bandOf, bandText } from './bands';
import { Card } from './Card';
import { listedOf } from './groups';
import { indexAfter } from './roving';
import { useMatchActions } from './useMatchActions';
import { usePercentiles } from './usePercentiles';
import { useStrip } from './useStrip';

export function ResultList({ isGrouped }: { isGrouped: boolean }) {
  const { state, dispatch, unit, similar, request, matches: all } = usePage();
  const [openCityIds, setOpenCityIds] = useState<ReadonlySet<number>>(new Set());
  const listed = listedOf(all, isGrouped, openCityIds);
  const matches = listed.map(({ match }) => match);
  const actionsOf = useMatchActions();
  const percentiles = usePercentiles();
  // Percentiles are those of pairs: the mean of several examples is more similar to everything.
  const bands = matches.map(({ similarity }) => (isOfOne(request) ? bandOf(similarity, percentiles) : null));
  const list = useRef<HTMLOListElement>(null);
  const [focusedId, setFocusedId] = useState<number | null>(null);
  const active = matches.find(({ id }) => id === focusedId) ?? matches.find(({ id }) => id === state.page.shownId) ?? matches[0];

  const focus = (index: number) => cards(list.current!)[index]?.querySelector<HTMLElement>('.show')?.focus();
  const press = (event: KeyboardEvent) => {
    const index = matches.findIndex(({ id }) => id === active?.id);
    if (!active || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = indexAfter(event.key, index, matches.length, columnsOf(list.current!));
    const action = actionsOf(active).find(({ key }) => key === event.key);
    if (next !== null) focus(next);
    else if (action) action.run();
    else return;
    event.preventDefault();
  };
  const toggleCity = (cityId: number) =>
    setOpenCityIds(new Set(openCityIds.has(cityId) ? [...openCityIds].filter((other) => other !== cityId) : [...openCityIds, cityId]));
  useKeptFocus(all, () => focus(0));
  useStrip(list, matches, ({ id, lon, lat }) => dispatch({ type: 'matchShown', id, at: { lon, lat } }));
  return (
    <ol
      ref={list}
      className="results"
      id="matches"
      data-stale={similar.problem !== null || undefined}
      aria-busy={similar.isLoading}
      aria-label="Matches, most similar first"
      onKeyDown={press}
      onFocusIn={({ target }) => setFocusedId(Number((target as HTMLElement).closest('li')?.dataset.id))}
    >
      {listed.map(({ match, nMore }, i) => (
        <Fragment key={match.id}>
          {bands[i] && bands[i] !== bands[i - 1] && <li className="band">{bandText(bands[i], nameOf(unit))}</li>}
          <Card match={match} isActive={match === active} actions={actionsOf(match)}>
            {nMore > 0 && match.city_id !== null && (
              <button type="button" className="more-of-city" tabIndex={match === active ? 0 : -1} aria-expanded={openCityIds.has(match.city_id)} onClick={() => toggleCity(match.city_id!)}>
                {openCityIds.has(match.city_id) ? 'Show one' : `${nMore} more`} of {match.city}
              </button>
            )}
          </Card>
        </Fragment>
      ))}
    </ol>
  );
}

const cards = (list: HTMLElement) => [...list.querySelectorAll<HTMLElement>('[data-id]')];

/** Whether a search is for one tile, block or item. */
function isOfOne(request: SearchRequest | null): boolean {
  const { tile_id, block_id, positive, negative } = request?.body ?? {};
  return tile_id !== undefined || block_id !== undefined || (Array.isArray(positive) && positive.length === 1 && negative === undefined);
}

/** Return the number of cards beside each other. */
function columnsOf(list: HTMLElement): number {
  const all = cards(list);
  return all.filter(({ offsetTop }) => offsetTop === all[0]!.offsetTop).length;
}

/** Move the focus to the list when a new list replaced the card that had it. */
function useKeptFocus(matches: Match[], focusFirst: () => void): void {
  const hadFocus = useRef(false);
  const latest = useLatest(focusFirst);
  useEffect(() => {
    const note = () => (hadFocus.current = document.activeElement?.closest('.results') !== null);
    document.addEventListener('focusin', note);
    return () => document.removeEventListener('focusin', note);
  }, []);
  useEffect(() => {
    if (hadFocus.current && document.activeElement === document.body) latest.current();
  }, [matches, latest]);
}
