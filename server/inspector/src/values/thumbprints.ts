/** A thumbprint as somebody pastes it, with gaps, colons or in small letters, as the gateway tells it. */
export function tidyThumbprint(pasted: string): string {
  return pasted
    .replaceAll(/[\s:-]/g, '')
    .replaceAll('\u200e', '')
    .toUpperCase()
}

/** Whether a text is the SHA-1 of a certificate in that spelling. */
export function isThumbprint(tidy: string): boolean {
  return /^[0-9A-F]{40}$/.test(tidy)
}
