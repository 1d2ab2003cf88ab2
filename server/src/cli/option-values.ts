import { InvalidArgumentError } from 'commander'

/** The value of an option that may be there several times: all of them, in their order. */
export function several(value: string, before: readonly string[]): string[] {
  return [...before, value]
}

/** Reads a whole number from 1 to `most`. `unit`: such as ` of milliseconds`, in the message. */
export function wholeNumber(most: number, unit = ''): (text: string) => number {
  return text => {
    const value = /^[1-9]\d{0,14}$/.test(text) ? Number(text) : Number.NaN
    if (value <= most) return value
    throw new InvalidArgumentError(`It is a whole number${unit} from 1 to ${most}.`)
  }
}
