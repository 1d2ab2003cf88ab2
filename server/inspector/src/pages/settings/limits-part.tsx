import { session } from '../../page.ts'
import { shownLimits } from '../../values/limit-words.ts'

/** What one browser may send and keep, as the gateway told it when this page connected. */
export function LimitsPart() {
  const state = session.connection.value
  if (state.at !== 'connected') return <p class="hint">The gateway tells its limits when the page is connected.</p>
  return (
    <>
      <p class="lead">
        What one browser may send and keep at this gateway, as it announced it when this page connected. Whatever goes beyond one of them
        ends with an error that names it.
      </p>
      <section class="panel table-panel" aria-label="Limits">
        <table class="table limits">
          <thead>
            <tr>
              <th scope="col">Limit</th>
              <th scope="col" class="number">
                Value
              </th>
              <th scope="col">Unit</th>
              <th scope="col">What it is</th>
            </tr>
          </thead>
          <tbody>
            {shownLimits(state.welcome.limits).map(({ name, value, unit, meaning }) => (
              <tr key={name} data-limit={name}>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td class="number">{value}</td>
                <td>{unit}</td>
                <td class="wide">{meaning}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  )
}
