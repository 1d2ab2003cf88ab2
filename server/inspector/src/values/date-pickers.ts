/** How a browser's own picker fills in a text. */
export interface Picker {
  readonly input: 'datetime-local' | 'date' | 'time'
  readonly step: number | undefined
  /** What the picker shows of a text; empty where the text is none that it can show. */
  show(text: string): string
  /** The text of what was picked. */
  pick(picked: string): string
}

const day = /^\d{4}-\d\d-\d\d$/
const time = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?/

const instant: Picker = {
  input: 'datetime-local',
  step: 1,
  // Browsers pick in the time zone of the machine.
  show: text => {
    const date = new Date(text)
    if (Number.isNaN(date.getTime())) return ''
    const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
    return local.toISOString().slice(0, 19)
  },
  pick: picked => new Date(picked).toISOString(),
}

/** The types of a contract that have a picker. */
export const pickers: Readonly<Record<string, Picker | undefined>> = {
  dateTime: instant,
  dateTimeOffset: instant,
  dateOnly: { input: 'date', step: undefined, show: text => (day.test(text) ? text : ''), pick: picked => picked },
  timeOnly: {
    input: 'time',
    step: 1,
    show: text => time.exec(text)?.[0] ?? '',
    pick: picked => (picked.length === 5 ? `${picked}:00` : picked),
  },
}
