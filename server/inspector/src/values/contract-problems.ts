import type { Contract } from '@halibut-gateway/schemas/contract'
import { readJson, type TextProblem } from './json-places.ts'

/** A text that should be a contract. */
export type ReadContract =
  | { readonly ok: true; readonly contract: Contract; readonly warnings: readonly TextProblem[] }
  | { readonly ok: false; readonly problems: readonly TextProblem[] }

type Issue = { readonly place: string; readonly message: string }
type Check = (
  document: unknown,
  options: { readonly patterns: boolean },
) =>
  | { readonly ok: true; readonly contract: Contract; readonly warnings: readonly Issue[] }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** As the gateway takes them: longer ones stand in the settings. */
const mostChars = 262_144

/** Reads a contract that is to be added while the gateway runs. `check`: that of the gateway, which is loaded when it is needed. */
export function readContract(text: string, check: Check): ReadContract {
  const json = readJson(text)
  if (!json.ok) return { ok: false, problems: [json.problem] }
  const told = ({ place, message }: Issue): TextProblem => ({
    place: json.placeOf(place === '' || place.startsWith('/') ? place : `/${place}`),
    message,
  })
  const checked = check(json.value, { patterns: false })
  if (!checked.ok) return { ok: false, problems: checked.issues.map(told) }
  if (JSON.stringify(json.value).length > mostChars) {
    return {
      ok: false,
      problems: [{ place: json.placeOf(''), message: `it is longer than ${mostChars.toLocaleString('en')} characters of JSON` }],
    }
  }
  return { ok: true, contract: checked.contract, warnings: checked.warnings.map(told) }
}
