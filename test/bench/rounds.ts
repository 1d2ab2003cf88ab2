/** One line of the results. */
export interface Result {
  readonly name: string
  /** The median of the rounds’ ratios. */
  readonly ratio: number
  /** What must be reached (a ceiling where lower is better), and what we are after; `undefined` for what is none of ours. */
  readonly floor: number | undefined
  readonly aim: number | undefined
  readonly lowerIsBetter: boolean
  /** The ratio of each round. */
  readonly rounds: readonly number[]
  /** Medians of what was measured, for people. */
  readonly ours: string
  readonly rival: string
}

/** One comparison. */
export interface Row {
  readonly name: string
  /** Without floor and aim it only shows what the machine allows. */
  readonly floor?: number
  readonly aim?: number
  readonly lowerIsBetter?: boolean
  /** How many of `unit` the two numbers are. */
  readonly unit: string
  /** Rounds before the first that counts; default 1. */
  readonly warmUpRounds?: number
  /** How many times the rounds of other rows, where single rounds differ most; default 1. */
  readonly moreRounds?: number
  /** Where a round takes a minute: so many and no more. */
  readonly rounds?: number
  /** Sets the contestants up. Each measurement takes about a third of a second. */
  open(): Promise<Contest>
}

export interface Contest {
  ours(): Promise<number>
  rival(): Promise<number>
  close(): Promise<void>
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/**
 * Runs the two contestants in turns, and who begins changes from round to round: speed on a shared machine drifts, so only what was
 * measured side by side is compared. The first rounds only warm up, and are thrown away.
 */
export async function compete(row: Row, rounds: number): Promise<Result> {
  const contest = await row.open()
  try {
    const ours: number[] = []
    const rival: number[] = []
    for (let round = -(row.warmUpRounds ?? 1); round < (row.rounds ?? rounds * (row.moreRounds ?? 1)); round++) {
      const first = round % 2 === 0 ? await contest.ours() : undefined
      const theirs = await contest.rival()
      const mine = first ?? (await contest.ours())
      if (round < 0) continue
      ours.push(mine)
      rival.push(theirs)
    }
    const ratios = ours.map((value, i) => value / (rival[i] ?? Number.NaN))
    const text = (values: number[]): string => `${short(median(values))} ${row.unit}`
    return {
      name: row.name,
      ratio: rounded(median(ratios)),
      floor: row.floor,
      aim: row.aim,
      lowerIsBetter: row.lowerIsBetter ?? false,
      rounds: ratios.map(rounded),
      ours: text(ours),
      rival: text(rival),
    }
  } finally {
    await contest.close()
  }
}

export function reachesFloor(result: Result): boolean {
  const { ratio, floor, lowerIsBetter } = result
  return floor === undefined || (lowerIsBetter ? ratio <= floor : ratio >= floor)
}

function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
