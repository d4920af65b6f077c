select {function}()
