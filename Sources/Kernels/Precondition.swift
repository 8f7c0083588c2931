// In optimised code Swift's own preconditions stop the program without their message. A wrong shape or stride deserves
// its numbers in release too, so these take their place in the whole package.

/// Stops the program with `message` unless `condition` holds.
@inline(__always) package func precondition(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String = "", file: StaticString = #file, line: UInt = #line
) {
  guard condition() else { preconditionFailure(message(), file: file, line: line) }
}

/// Stops the program with `message`.
@inline(never) package func preconditionFailure(
  _ message: @autoclosure () -> String = "", file: StaticString = #file, line: UInt = #line
) -> Never {
  fatalError(message(), file: file, line: line)
}
