/** What is wrong with a file. */
export interface FileProblem {
  /** A JSON pointer, or a line and a column; empty where it is about all of it. */
  readonly place: string
  readonly reason: string
}

/** A problem in one line. */
export function problemText({ place, reason }: FileProblem): string {
  return place === '' ? reason : `${place}: ${reason}`
}
