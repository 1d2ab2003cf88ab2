/** The pictures that are kept of each look, see `npm run screenshots`. */
export const themes = ['light', 'dark'] as const

/** A phone, a laptop, a large screen: width and height. */
export const widths = [
  [360, 740],
  [1280, 800],
  [2560, 1440],
] as const

/** All of them together. */
export const mostPictureBytes = 12_000_000

export function pictureName(look: string, theme: (typeof themes)[number], width: number): string {
  return `${look}-${theme}-${width}.webp`
}
