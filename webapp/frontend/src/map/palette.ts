// The map's colours; --matches, --chosen and --lasso of style/base.css are the same.

export interface Palette {
  sea: string;
  land: string;
  border: string;
  tile: string;
  tileLine: string;
  text: string;
  halo: string;
  matches: string;
  matchText: string;
  selected: string;
  lasso: string;
  area: `#${string}`;
}

const LIGHT: Palette = {
  sea: '#d5e3ea',
  land: '#f7f5ef',
  border: '#b9b4a6',
  tile: '#33718a',
  tileLine: '#1f5468',
  text: '#2b3338',
  halo: '#ffffff',
  matches: '#e08a00',
  matchText: '#241500',
  selected: '#b3003c',
  lasso: '#6a3d9a',
  area: '#3d4a50',
};

const DARK: Palette = {
  sea: '#10191e',
  land: '#263137',
  border: '#4a585f',
  tile: '#5ea8c4',
  tileLine: '#9cd3e8',
  text: '#e6ecef',
  halo: '#10191e',
  matches: '#ffb000',
  matchText: '#241500',
  selected: '#ff5c8a',
  lasso: '#b79bea',
  area: '#d5dde1',
};

export const palette = (isDark: boolean): Palette => (isDark ? DARK : LIGHT);
