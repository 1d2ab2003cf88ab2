/** The name of a method, without the types of its parameters. */
export function shortMethod(signature: string): string {
  return signature.replace(/\(.*/s, '')
}
