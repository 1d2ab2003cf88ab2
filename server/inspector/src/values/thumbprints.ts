/** A thumbprint as somebody pastes it, with gaps, colons or in small letters, as the gateway tells it. */
export function tidyThumbprint(pasted: string): string {
  return pasted
    .replaceAll(/[\s:-]/g, '')
    .replaceAll('\u200e', '')
    .toUpperCase()
}
