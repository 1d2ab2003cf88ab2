import { counted } from '../values/format.ts'
import { lineAndColumn } from '../values/json-places.ts'
import type { TextRange } from '../values/json-text.ts'

interface TextProblemsProps {
  readonly text: string
  readonly problems: readonly { readonly place: TextRange; readonly message: string }[]
  /** So many are told one by one. */
  readonly most: number
  /** Goes to one of them in the text. */
  onGo(place: TextRange): void
}

/** What is wrong with a text: each with its line and column, which lead there. */
export function TextProblems({ text, problems, most, onGo }: TextProblemsProps) {
  return (
    <ul class="text-problems">
      {problems.slice(0, most).map(({ place, message }) => {
        const { line, column } = lineAndColumn(text, place.from)
        return (
          <li key={`${place.from} ${message}`}>
            <button type="button" class="small" onClick={() => onGo(place)}>
              line {line}, column {column}
            </button>{' '}
            <span class="problem">{message}</span>
          </li>
        )
      })}
      {problems.length > most && <li class="quiet">and {counted(problems.length - most, 'more', 'more')}</li>}
    </ul>
  )
}
