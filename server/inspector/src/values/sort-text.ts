/** So long is a number in what texts are compared by; a longer one stands as it is. */
const digits = 16

/**
 * What texts are put in order by as people do it: whatever case and accents they have, and with numbers as such. To be made once for each text and
 * compared with `<`, which takes a tenth of the time that `Intl.Collator` does.
 */
export function sortText(text: string): string {
  // Almost all are plain.
  const plain = /^[\x20-\x7e]*$/.test(text) ? text : text.normalize('NFD').replace(/\p{M}/gu, '')
  return plain.toLowerCase().replace(/\d+/g, number => number.padStart(digits, '0'))
}
