/** Leaflet, which the pages carry; it has no types of its own there. */
declare const L: any;
interface Window {
  zmd: any;
  L: any;
}
