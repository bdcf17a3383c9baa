/** Return an address of the server as MapLibre needs it: absolute, without a slash at the end. */
export const absoluteUrl = (url: string): string => new URL(url.replace(/^\//, ''), document.baseURI).href.replace(/\/$/, '');
