// Files of saved calls: reading and writing them, and running them, the same in the page and on the command line.
export {
  type Assertion,
  AssertionSchema,
  type Collection,
  CollectionSchema,
  collectionLimits,
  collectionVersion,
  type SavedCall,
  SavedCallSchema,
  type Variable,
  VariableSchema,
  type Variables,
  variableNamePattern,
} from './collection.ts'
export { checkCalls } from './collection-check.ts'
export { withContent } from './collection-content.ts'
export { memberText, parsePath } from './collection-path.ts'
export { search } from './collection-pattern.ts'
export { type FileProblem, problemText } from './collection-problems.ts'
export { type CallReport, prepare, type ReadyCall, type RunOptions, type RunReport, runCollection, verdictsAnew } from './collection-run.ts'
export { emptyCollection, type ReadCollection, readCollection, writeCollection } from './collection-text.ts'
export { asTemplate, fill, namesIn, type Values, valuesOf } from './collection-variables.ts'
export { assertionText, isEqual, type Seen, shortJson, type Verdict, verdictsOn } from './collection-verdicts.ts'
export { parseExactJson } from './exact-json.ts'
