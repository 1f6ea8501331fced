// The program itself: all commands, with the families and tasks of the package. A program of one's own registers more of
// them first; Docs/Tutorial.md shows one.
import Commands

Trainer.main()
