import { useDialog } from '../dialog'
import { AppPasswords } from './app-passwords'
import { Factors } from './factors'
import { Password } from './password'

export default function SecurityPage() {
  const [dialog, setDialog] = useDialog()
  return (
    <>
      <Password isOpen={dialog === 'password'} onOpen={(open) => setDialog(open ? 'password' : undefined)} />
      <Factors dialog={dialog} onDialog={setDialog} />
      <AppPasswords isAdding={dialog === 'app'} onAdding={(yes) => setDialog(yes ? 'app' : undefined)} />
    </>
  )
}
