// Parts of the page whose code is loaded when they are first shown.

import type { FunctionComponent } from 'preact';
import { lazy } from 'preact/compat';
import { Problem } from '../api/problem';
import { ProblemNote } from './ProblemNote';

const NOT_LOADED = new Problem('A part of the page could not be loaded', 'Load the page again to see it.', 0);

/** Return a component that is loaded when first rendered. If that fails it shows a note instead of breaking the page. */
export const lazyPart = (load: () => Promise<FunctionComponent>) =>
  lazy<FunctionComponent>(() =>
    load().then(
      (loaded) => ({ default: loaded }),
      () => ({ default: () => <ProblemNote problem={NOT_LOADED} /> }),
    ),
  );
