// Parts of the page that are loaded when they are first wanted.

import { lazy, type ComponentType } from 'react';
import { Problem } from './api';
import { ProblemNote } from './Notices';

const NOT_LOADED = new Problem('A part of the page could not be loaded', 'Load the page again to see it.', 0);

/** One that cannot be loaded says so in its place; else all of the page would go. */
export const part = <Props extends object>(load: () => Promise<ComponentType<Props>>) =>
  lazy(() =>
    load().then(
      (loaded) => ({ default: loaded }),
      () => ({ default: (() => <ProblemNote problem={NOT_LOADED} />) as ComponentType<Props> }),
    ),
  );
