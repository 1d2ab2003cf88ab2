/** A few buttons, one of which is pressed. `label`: what is chosen. */
export function Choices<T extends string>(props: { label: string; all: readonly T[]; chosen: T; onChoose: (choice: T) => void }) {
  return (
    <fieldset class="choices" aria-label={props.label}>
      {props.all.map(each => (
        <button type="button" key={each} class="small" aria-pressed={each === props.chosen} onClick={() => props.onChoose(each)}>
          {each}
        </button>
      ))}
    </fieldset>
  )
}
