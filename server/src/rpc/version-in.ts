/** The version that is to be changed; `undefined` where `*` stands for whichever there is. */
export function versionIn(version: string): string | undefined {
  return version === '*' ? undefined : version
}
