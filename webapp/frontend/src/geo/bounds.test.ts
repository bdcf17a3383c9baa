import { expect, test } from 'vitest';
import { boundsOf } from './bounds';

test('a single place is its own box', () => expect(boundsOf([{ lon: 8, lat: 53 }])).toEqual([8, 53, 8, 53]));

test('the box encloses all places', () => {
  const places = [{ lon: 10, lat: 50 }, { lon: -3, lat: 40 }, { lon: 20, lat: -34 }]; // prettier-ignore
  expect(boundsOf(places)).toEqual([-3, -34, 20, 50]);
});

test('places on both sides of 180 degrees are enclosed across that meridian', () => {
  expect(boundsOf([{ lon: 175, lat: -40 }, { lon: -170, lat: -20 }])).toEqual([175, -40, 190, -20]); // prettier-ignore
});

test('the order of the places does not matter', () => {
  const places = [{ lon: 140, lat: 35 }, { lon: -74, lat: 40 }, { lon: -120, lat: 37 }]; // prettier-ignore
  expect(boundsOf(places)).toEqual(boundsOf([...places].reverse()));
});
