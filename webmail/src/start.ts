// The first script, a small one: it asks for the mail, and loads what shows it.
import { askEarly } from './jmap/early'

askEarly()
void import('./main')
