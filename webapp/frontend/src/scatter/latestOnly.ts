/**
 * Return a function that runs `work` for one value at a time. Of the values passed while it runs, only the last is used.
 * The returned promise is settled when no value is waiting.
 */
export function latestOnly<T>(work: (value: T) => Promise<void>): (value: T) => Promise<void> {
  let waiting: { value: T } | null = null;
  let running: Promise<void> | null = null;
  const run = async () => {
    try {
      while (waiting) {
        const { value } = waiting;
        waiting = null;
        await work(value);
      }
    } finally {
      running = null;
    }
  };
  return (value) => {
    waiting = { value };
    return (running ??= run());
  };
}
