import { expect, test } from 'vitest';
import { latestOnly } from './latestOnly';

test('of the values passed while one is worked on, only the last is used', async () => {
  const done: string[] = [];
  let release: () => void = () => undefined;
  const draw = latestOnly(async (value: string) => {
    await new Promise<void>((resolve) => (release = resolve));
    done.push(value);
  });
  const drawn = [draw('a'), draw('b'), draw('c')];
  release();
  await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve));
  release();
  await Promise.all(drawn);
  expect(done).toEqual(['a', 'c']);
});

test('a failure does not block the next value', async () => {
  const done: number[] = [];
  const draw = latestOnly((value: number) => (value < 0 ? Promise.reject(new Error('no')) : Promise.resolve(void done.push(value))));
  await expect(draw(-1)).rejects.toThrow('no');
  await draw(1);
  expect(done).toEqual([1]);
});
