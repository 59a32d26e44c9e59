extension Unicode.Scalar {
    /// Whether it is invisible and can change what is shown: terminal controls, marks that reorder text, line
    /// separators, characters without a width.
    package var isHidden: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
